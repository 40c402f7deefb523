import type { ErrorReport } from "../../protocol/generated";
import { HostError } from "../host";

const KEY = "oreforge-token";

/** The token of the address's fragment, kept for reloads of this tab and taken out of the address bar. */
export function readToken(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(KEY);
}

export function keepToken(token: string) {
  sessionStorage.setItem(KEY, token);
}

export function forgetToken() {
  sessionStorage.removeItem(KEY);
}

function unreachable(cause: unknown): HostError {
  const details = cause instanceof Error ? cause.message : String(cause);
  return new HostError({ code: "internal", message: "Oreforge does not answer.", details, hint: "See whether `oreforge serve` still runs, then try again." });
}

async function reportIn(answer: Response): Promise<ErrorReport> {
  const text = await answer.text();
  try {
    const report: unknown = JSON.parse(text);
    if (typeof report === "object" && report !== null && "code" in report && "message" in report) return report as ErrorReport;
  } catch {
    // Not from our server, or from before it could speak.
  }
  return { code: "internal", message: `Oreforge answered with ${answer.status}.`, details: text.slice(0, 500), hint: null };
}

/** Asks our own server; throws a `HostError` in words when it does not do what was asked. */
export class Server {
  readonly #token: string;
  constructor(token: string) {
    this.#token = token;
  }

  async ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Bearer ${this.#token}`);
    let answer: Response;
    try {
      answer = await fetch(path, { ...init, headers, cache: "no-store" });
    } catch (cause) {
      if (init.signal?.aborted === true) throw cause;
      throw unreachable(cause);
    }
    if (!answer.ok) throw new HostError(await reportIn(answer));
    return answer;
  }

  async json<T>(path: string, init: RequestInit = {}): Promise<T> {
    return (await this.ask(path, init)).json() as Promise<T>;
  }
}
