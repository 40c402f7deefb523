import { Select, type Choice } from "../../components/Select";
import type { Access, AccessKind } from "./access";

const KINDS: Choice<AccessKind>[] = [
  { value: "none", label: "Nothing" },
  { value: "token", label: "A token" },
  { value: "password", label: "User and password" },
];

/** What a server asks of whoever comes. A secret is typed here and never shown again. */
export function AccessFields({ access, onChange }: { access: Access; onChange: (access: Access) => void }) {
  const { kind, user, secret } = access;
  return (
    <>
      <div className="dialog-field access-kind">
        <span className="note" aria-hidden="true">
          It asks for
        </span>
        <Select label="It asks for" value={kind} choices={KINDS} onChange={(next) => onChange({ ...access, kind: next, secret: "" })} />
      </div>
      {kind === "password" && (
        <label className="dialog-field">
          <span className="note">User</span>
          <input className="field" autoComplete="off" value={user} maxLength={200} onChange={({ target }) => onChange({ ...access, user: target.value })} />
        </label>
      )}
      {kind !== "none" && (
        <label className="dialog-field">
          <span className="note">{kind === "token" ? "Token" : "Password"}</span>
          <input className="field mono" type="password" autoComplete="off" value={secret} maxLength={2000} onChange={({ target }) => onChange({ ...access, secret: target.value })} />
        </label>
      )}
    </>
  );
}
