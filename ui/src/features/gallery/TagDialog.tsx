import { Plus, X } from "lucide-react";
import { useRef, useState } from "react";
import { Button } from "../../components/Button";
import { FormDialog } from "../../components/FormDialog";
import type { GalleryEntry, NamedCount } from "../../protocol/generated";
import type { Actions } from "./useActions";

interface TagDialogProps {
  entries: readonly GalleryEntry[];
  /** Every tag there is. */
  known: readonly NamedCount[];
  actions: Actions;
  onClose: () => void;
}

const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

/** Tags of what is selected: each is put on all of it, or taken off all of it. */
export function TagDialog({ entries, known, actions, onClose }: TagDialogProps) {
  const [tags, setTags] = useState(() => [...new Set(entries.flatMap((entry) => entry.tags))].toSorted());
  const [typed, setTyped] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const add = (tag: string) => {
    const tidy = tag.trim().replace(/\s+/g, " ");
    setTyped("");
    if (tidy === "" || tags.some((other) => same(other, tidy))) return;
    setTags([...tags, tidy].toSorted());
    void actions.mark(entries, { add_tags: [tidy] });
  };
  const remove = (tag: string) => {
    setTags(tags.filter((other) => other !== tag));
    void actions.mark(entries, { remove_tags: [tag] });
    field.current?.focus();
  };
  const submit = () => {
    if (typed.trim() === "") onClose();
    else add(typed);
  };
  const others = known.filter(({ name }) => !tags.some((tag) => same(tag, name))).slice(0, 12);
  return (
    <FormDialog
      title={entries.length === 1 ? `Tags of ${entries[0]?.name ?? ""}` : `Tags of ${entries.length} entries`}
      initialFocus={field}
      foot={
        <Button look="main" type="submit">
          {typed.trim() === "" ? "Done" : "Add"}
        </Button>
      }
      onSubmit={submit}
      onClose={onClose}
    >
      {tags.length > 0 && (
        <ul className="chips">
          {tags.map((tag) => (
            <li key={tag} className="chip">
              {tag}
              <button type="button" aria-label={`Take ${tag} off`} onClick={() => remove(tag)}>
                <X aria-hidden="true" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <label className="dialog-field">
        <span className="note">New tag</span>
        <input ref={field} className="field" value={typed} maxLength={60} placeholder="hero, needs back, print…" onChange={({ target }) => setTyped(target.value)} />
      </label>
      {others.length > 0 && (
        <ul className="chips" aria-label="Tags in use">
          {others.map(({ name }) => (
            <li key={name}>
              <button type="button" className="chip quiet-chip" onClick={() => add(name)}>
                <Plus aria-hidden="true" /> {name}
              </button>
            </li>
          ))}
        </ul>
      )}
    </FormDialog>
  );
}
