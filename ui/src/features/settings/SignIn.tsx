import { useMutation } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { Button } from "../../components/Button";
import { FormDialog } from "../../components/FormDialog";
import { reportOf } from "../../host/host";
import type { ComfyServer } from "../../protocol/generated";
import { AccessFields } from "./AccessFields";
import { isComplete, type Access } from "./access";

interface SignInProps {
  server: ComfyServer;
  letIn: (server: ComfyServer, access: Access) => Promise<unknown>;
  onClose: () => void;
}

/** Changes what a server is told so that it lets us in. */
export function SignIn({ server, letIn, onClose }: SignInProps) {
  const { auth } = server;
  const [access, setAccess] = useState<Access>({ kind: auth.kind === "none" ? "token" : auth.kind, user: auth.kind === "password" ? auth.user : "", secret: "" });
  const saving = useMutation({ mutationFn: () => letIn(server, access), onSuccess: onClose });
  return (
    <FormDialog
      title={`Sign in to ${server.name}`}
      text="Tokens and passwords go into this system's keyring where there is one, and to this server alone. They are not shown again."
      dismiss="Cancel"
      foot={
        <Button type="submit" look="main" icon={<KeyRound aria-hidden="true" />} busy={saving.isPending} disabled={!isComplete(access)}>
          {access.kind === "none" ? "Forget it" : "Sign in"}
        </Button>
      }
      onSubmit={() => saving.mutate()}
      onClose={onClose}
    >
      <AccessFields access={access} onChange={setAccess} />
      {saving.error !== null && <p className="err" role="alert">{reportOf(saving.error).message}</p>}
    </FormDialog>
  );
}
