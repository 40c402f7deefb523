import { KeyHints } from "../../components/KeyHints";

const KEYS = [["Space", "look"], ["Enter", "open"], ["C", "compare"], ["S", "favourite"], ["X", "reject"], ["Del", "delete, with undo"], ["Ctrl A", "all"], ["?", "all keys"]] as const;

export function GalleryKeys() {
  return <KeyHints keys={KEYS} />;
}
