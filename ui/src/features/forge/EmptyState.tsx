import { ClipboardPaste, FolderOpen, ImagePlus } from "lucide-react";
import { Button } from "../../components/Button";
import { Kbd } from "../../components/Kbd";
import { Samples } from "../../components/Samples";
import { Invitation } from "../../components/Invitation";
import type { Forge } from "./useForge";

export function EmptyState({ forge }: { forge: Forge }) {
  return (
    <div className="nothing-yet">
      <Invitation />
      <div className="drop-zone">
        <ImagePlus className="drop-icon" aria-hidden="true" />
        <h1 className="page-title">Drop a picture to forge it</h1>
        <p className="drop-text">One object, seen whole, on any background. PNG, JPEG, WebP, BMP, GIF, TGA or TIFF.</p>
        <div className="button-row">
          <Button look="main" size="main" icon={<FolderOpen aria-hidden="true" />} onClick={() => void forge.open()}>
            Open picture…
          </Button>
          <Button size="main" icon={<ClipboardPaste aria-hidden="true" />} onClick={() => void forge.paste()}>
            Paste
          </Button>
        </div>
        <div className="button-row">
          <Kbd>Ctrl O</Kbd>
          <Kbd>Ctrl V</Kbd>
        </div>
      </div>
      <Samples title="Or start with a sample" onChoose={(name) => void forge.sample(name)} />
    </div>
  );
}
