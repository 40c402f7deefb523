import { Compass, X } from "lucide-react";
import { Button, IconButton } from "./Button";
import { useUi } from "../state/ui";

/** Offers the guide to whoever has neither taken nor declined it. */
export function Invitation() {
  const { guide, set } = useUi();
  if (guide !== "offered") return null;
  return (
    <aside className="invitation" aria-label="Guide">
      <Compass aria-hidden="true" />
      <span>
        New here? <span className="quiet">Four short notes show you around.</span>
      </span>
      <Button size="small" onClick={() => set({ guide: "open" })}>
        Show me around
      </Button>
      <IconButton label="No, thanks" onClick={() => set({ guide: "seen" })}>
        <X aria-hidden="true" />
      </IconButton>
    </aside>
  );
}
