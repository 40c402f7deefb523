import { KeyHints } from "../../components/KeyHints";

const KEYS = [["Ctrl Enter", "queue"], ["Ctrl Shift Enter", "in front"], ["Ctrl Alt Enter", "interrupt"], ["F", "to the Forge"], ["S", "keep"], ["X", "reject"], ["R", "one more"], ["V", "vary"]] as const;

export function ProspectKeys() {
  return <KeyHints keys={KEYS} />;
}
