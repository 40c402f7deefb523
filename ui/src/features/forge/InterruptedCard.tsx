import { Play } from "lucide-react";
import { Button } from "../../components/Button";
import type { JobSnapshot } from "../../protocol/generated";

/** What the last end of the program broke off; going on is the artist's choice. */
export function InterruptedCard({ jobs, onGoOn }: { jobs: JobSnapshot[]; onGoOn: () => void }) {
  const [first] = jobs;
  if (first === undefined) return null;
  return (
    <div className="card calm-card interrupted-card" role="status">
      <p>
        <strong>{jobs.length === 1 ? `${first.name} was interrupted when the program ended.` : `${jobs.length} jobs were interrupted when the program ended.`}</strong> Finished steps are kept.
      </p>
      <Button icon={<Play aria-hidden="true" />} onClick={onGoOn}>
        {jobs.length === 1 ? "Go on" : "Go on with all"}
      </Button>
    </div>
  );
}
