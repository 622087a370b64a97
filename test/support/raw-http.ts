/** HTTP as text, for what no client would send. */
import { once } from "node:events";
import { connect } from "node:net";

/** Writes `text` and reads until the server hangs up. */
export async function converse({ url }: { readonly url: string }, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding("utf8");
  let answer = "";
  socket.on("data", (chunk: string) => {
    answer += chunk;
  });
  socket.write(text);
  await once(socket, "close");
  return answer;
}
