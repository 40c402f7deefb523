import type { ServerAuth } from "../../protocol/generated";

export type AccessKind = ServerAuth["kind"];

/** What a person typed to be let into a server. */
export interface Access {
  kind: AccessKind;
  user: string;
  secret: string;
}

export const NO_ACCESS: Access = { kind: "none", user: "", secret: "" };

/** As the settings keep it: without the secret. */
export const authOf = ({ kind, user }: Access): ServerAuth => (kind === "password" ? { kind, user: user.trim() } : { kind });

export const isComplete = ({ kind, user, secret }: Access) => kind === "none" || (secret !== "" && (kind === "token" || user.trim() !== ""));
