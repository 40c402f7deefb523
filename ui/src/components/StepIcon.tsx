import { CircleCheck, CircleDashed, CircleSlash, OctagonX, TriangleAlert } from "lucide-react";
import { Ring } from "./Ring";

export type StepLook = "waiting" | "running" | "done" | "needs_you" | "failed" | "cancelled";

/** Every state has a shape of its own, so that none needs its colour. */
export function StepIcon({ look, fraction = null }: { look: StepLook; fraction?: number | null }) {
  switch (look) {
    case "running":
      return <Ring fraction={fraction} />;
    case "done":
      return <CircleCheck className="ok" aria-hidden="true" />;
    case "needs_you":
      return <TriangleAlert className="warn" aria-hidden="true" />;
    case "failed":
      return <OctagonX className="err" aria-hidden="true" />;
    case "cancelled":
      return <CircleSlash className="muted" aria-hidden="true" />;
    case "waiting":
      return <CircleDashed className="muted" aria-hidden="true" />;
  }
}
