import { Check, FileX, Star } from "lucide-react";
import { useEffect, useState } from "react";
import { useHost } from "../../host/context";
import type { GalleryEntry } from "../../protocol/generated";
import { badge, note, spoken } from "./words";

interface TileProps {
  entry: GalleryEntry;
  index: number;
  selected: boolean;
  focused: boolean;
  onPress: (event: React.MouseEvent) => void;
  onKeyDown: (event: React.KeyboardEvent) => void;
  onToggle: () => void;
  onLook: () => void;
  onFavourite: () => void;
}

/** A picture that was scrolled past is no longer asked for: those in view would wait behind it. */
const stopsLoading = (picture: HTMLImageElement) => () => picture.removeAttribute("src");

function Picture({ entry }: { entry: GalleryEntry }) {
  const url = useHost().thumbnailUrl(entry.artifact.id);
  const [missing, setMissing] = useState(false);
  useEffect(() => setMissing(false), [url]);
  if (missing) {
    return (
      <span className="tile-missing">
        <FileX aria-hidden="true" /> The file is gone
      </span>
    );
  }
  return <img ref={stopsLoading} src={url} alt="" decoding="async" draggable={false} onError={() => setMissing(true)} />;
}

/** One entry. Its little buttons are for the hand; keys of the grid do the same. */
export function Tile({ entry, index, selected, focused, onPress, onKeyDown, onToggle, onLook, onFavourite }: TileProps) {
  return (
    <div
      role="gridcell"
      id={`entry-${index}`}
      className={`tile ${entry.rejected ? "rejected" : ""}`}
      aria-selected={selected}
      aria-label={spoken(entry)}
      tabIndex={focused ? 0 : -1}
      data-artifact={entry.artifact.id}
      onClick={onPress}
      onDoubleClick={onLook}
      onKeyDown={onKeyDown}
    >
      <span className="tile-name">{entry.name}</span> <span className="note">{note(entry)}</span>{" "}
      <span className="tile-mat">
        <Picture entry={entry} />
        <span className="tile-badge mono">{badge(entry)}</span>
      </span>
      <button type="button" className="tile-check" tabIndex={-1} aria-label={`Select ${entry.name}`} aria-pressed={selected} onClick={(event) => (event.stopPropagation(), onToggle())}>
        {selected && <Check aria-hidden="true" />}
      </button>
      <button type="button" className="tile-star" tabIndex={-1} aria-label={`Favourite ${entry.name}`} aria-pressed={entry.favourite} onClick={(event) => (event.stopPropagation(), onFavourite())}>
        <Star aria-hidden="true" />
      </button>
    </div>
  );
}
