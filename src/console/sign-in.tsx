/** Signing in with an API key, once: the browser then holds a session and never the key. */
import { useState } from "preact/hooks";
import { Refused } from "./answers.tsx";
import { Problem } from "./api.ts";
import { signIn } from "./session.ts";

export function SignIn() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isAsking, setAsking] = useState(false);
  const submit = async (form: HTMLFormElement): Promise<void> => {
    setAsking(true);
    setProblem(null);
    try {
      await signIn(String(new FormData(form).get("key") ?? "").trim());
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    } finally {
      setAsking(false);
    }
  };
  return (
    <main class="sign-in">
      <h1>Hookwave</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit(event.currentTarget);
        }}
      >
        <label for="key">API key</label>
        <input id="key" name="key" type="password" autocomplete="off" required placeholder="hw_live_…" />
        <p class="muted">
          One with the role <code>read</code> sees everything; changes need <code>admin</code>. Make one with{" "}
          <code>hookwave keys create --role read</code>.
        </p>
        {problem !== null && <Refused problem={problem} />}
        <button type="submit" class="primary" disabled={isAsking}>
          Sign in
        </button>
      </form>
    </main>
  );
}
