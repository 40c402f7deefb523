import { useState, type FormEvent } from "react";
import { Button } from "./Button";
import { Logo } from "./Logo";

/** Asks for the token of `oreforge serve` when the address did not bring it, or brought an old one. */
export function TokenForm({ problem, onToken }: { problem: string | null; onToken: (token: string) => void }) {
  const [token, setToken] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim() !== "") onToken(token.trim());
  };
  return (
    <main className="gate-page">
      <form className="gate-card" onSubmit={submit}>
        <Logo />
        <h1>Open Oreforge</h1>
        <p>Paste the token that <code>oreforge serve</code> printed, or open the whole address from your terminal.</p>
        <label>
          Token
          <input type="password" name="token" autoComplete="off" value={token} onChange={({ target }) => setToken(target.value)} />
        </label>
        {problem !== null && <p className="gate-problem" role="alert">{problem}</p>}
        <Button look="main" size="main" type="submit">Open</Button>
      </form>
    </main>
  );
}
