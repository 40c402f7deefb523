import { KeyHints } from "../../components/KeyHints";
import { forgeJob } from "../../state/jobView";
import { useUi } from "../../state/ui";
import { useJobView } from "../../state/useJob";
import { needsMask } from "./words";

const EMPTY = [["Ctrl O", "open"], ["Ctrl V", "paste"], ["Q", "jobs"], ["?", "all keys"]] as const;
const JOB = [[".", "fit"], ["1–7", "shading"], ["W", "wire"], ["G", "grid"], ["B", "before / after"], ["Q", "jobs"], ["Ctrl O", "open"], ["?", "all keys"]] as const;
const BRUSH = [["K", "keep"], ["R", "remove"], ["[ ]", "brush size"], ["Alt", "swap brush"], ["H", "hide outline"]] as const;

export function ForgeKeys() {
  const job = forgeJob(useJobView(useUi((state) => state.jobId)));
  const editing = useUi((state) => state.editingCutout);
  return <KeyHints keys={job === null ? EMPTY : editing || needsMask(job) ? BRUSH : JOB} />;
}
