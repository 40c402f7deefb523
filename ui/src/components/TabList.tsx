import type { LucideIcon } from "lucide-react";

interface TabListProps<T extends string> {
  tabs: readonly { name: T; title: string; icon: LucideIcon }[];
  current: T;
  onChange: (name: T) => void;
}

const tabId = (name: string) => `tab-${name}`;
export const panelId = (name: string) => `panel-${name}`;

/** One stop for the Tab key; the arrow keys go from tab to tab. */
export function TabList<T extends string>({ tabs, current, onChange }: TabListProps<T>) {
  const onKeyDown = (event: React.KeyboardEvent) => {
    const at = tabs.findIndex(({ name }) => name === current);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 }[event.key];
    const next = to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length];
    if (next === undefined) return;
    event.preventDefault();
    onChange(next.name);
    document.getElementById(tabId(next.name))?.focus();
  };
  return (
    <div className="tab-list" role="tablist" aria-label="Parts of Oreforge" tabIndex={-1} onKeyDown={onKeyDown}>
      {tabs.map(({ name, title, icon: Icon }) => (
        <button key={name} type="button" role="tab" id={tabId(name)} aria-controls={panelId(name)} aria-selected={name === current} tabIndex={name === current ? 0 : -1} className="tab" onClick={() => onChange(name)}>
          <Icon aria-hidden="true" /> {title}
        </button>
      ))}
    </div>
  );
}
