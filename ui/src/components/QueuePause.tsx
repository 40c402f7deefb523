import { Play } from "lucide-react";
import { Button } from "./Button";
import { useQueue } from "./useQueue";

/** Beside a job that waits: that the queue is paused, and what lets it go on. */
export function QueuePause() {
  const { paused, pause } = useQueue();
  if (!paused) return null;
  return (
    <>
      <span className="warn">· the queue is paused</span>
      <Button size="small" icon={<Play aria-hidden="true" />} title="What waits goes on" onClick={() => void pause(false)}>
        Go on
      </Button>
    </>
  );
}
