/** The `fetch` of Cloudflare's workers, as far as it refuses what others take (workerd, src/workerd/api/http.c++). */
const followOrHandOver = fetch;

export const edgeFetch = async (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
  if (init.redirect === "error")
    throw new TypeError('Invalid redirect value, must be one of "follow" or "manual"');
  return await followOrHandOver(url, init);
};
