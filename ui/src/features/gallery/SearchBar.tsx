import { Slider } from "@base-ui/react/slider";
import { Search, X } from "lucide-react";
import { useRef } from "react";
import { Kbd } from "../../components/Kbd";
import { count } from "../../components/format";
import { useKeys } from "../../components/useKeys";
import { MAX_TILE_PX, MIN_TILE_PX } from "./gridRows";

interface SearchBarProps {
  typed: string;
  onType: (typed: string) => void;
  /** The place that is looked in, when it is not everything. */
  place: string | null;
  onLeavePlace: () => void;
  found: number;
  of: number;
  tilePx: number;
  onTilePx: (tilePx: number) => void;
  /** Into the grid. */
  onDown: () => void;
}

export function SearchBar({ typed, onType, place, onLeavePlace, found, of, tilePx, onTilePx, onDown }: SearchBarProps) {
  const field = useRef<HTMLInputElement>(null);
  useKeys({
    "Ctrl+f": () => {
      field.current?.focus();
      field.current?.select();
    },
  });
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "Escape" && typed !== "") onType("");
    else if (event.key === "Backspace" && typed === "" && place !== null) onLeavePlace();
    else if (event.key === "ArrowDown" || event.key === "Enter") onDown();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="search-bar">
      <label className="search-field">
        <Search aria-hidden="true" />
        {place !== null && (
          <span className="chip">
            {place}
            <button type="button" aria-label={`Look everywhere, not only in ${place}`} onClick={onLeavePlace}>
              <X aria-hidden="true" />
            </button>
          </span>
        )}
        <input ref={field} type="text" role="searchbox" aria-label="Search the Gallery" placeholder="Name, project, prompt, tag, engine, date" maxLength={300} value={typed} onKeyDown={onKeyDown} onChange={({ target }) => onType(target.value)} />
        <Kbd>Ctrl F</Kbd>
      </label>
      <span className="quiet" role="status">
        {found === of ? `${count(of)}` : `${count(found)} of ${count(of)}`}
      </span>
      <span className="push" />
      <Slider.Root className="slider tile-size" value={tilePx} min={MIN_TILE_PX} max={MAX_TILE_PX} step={10} onValueChange={onTilePx}>
        <Slider.Control className="slider-control">
          <Slider.Track className="slider-track">
            <Slider.Indicator className="slider-fill" />
            <Slider.Thumb className="slider-thumb" getAriaLabel={() => "Size of the tiles"} />
          </Slider.Track>
        </Slider.Control>
      </Slider.Root>
    </div>
  );
}
