import { Dialog } from "@base-ui/react/dialog";
import { ArrowLeft, Boxes, Folder, Gauge, Info, Keyboard, Server, Shield, Sun, X, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "../../components/Button";
import { Segments } from "../../components/Segments";
import { ShortcutGroups } from "../../components/Shortcuts";
import { useUi, type SettingsPage, type SettingsPlace } from "../../state/ui";
import { About } from "./About";
import { Folders } from "./Folders";
import { Limits } from "./Limits";
import { Models } from "./Models";
import { Servers } from "./Servers";
import "./settings.css";

function Appearance() {
  const { theme, set } = useUi();
  return (
    <>
      <h2 className="page-title">Appearance</h2>
      <div className="settings-list">
        <div className="settings-row">
          <span className="settings-words">
            <strong>Colours</strong>
            <span className="note">Motion follows what your system says.</span>
          </span>
          <span className="settings-choice">
            <Segments label="Colours" value={theme} choices={[{ value: "dark", label: "Dark" }, { value: "light", label: "Light" }]} onChange={(next) => set({ theme: next })} />
          </span>
        </div>
      </div>
    </>
  );
}

function Privacy() {
  return (
    <>
      <h2 className="page-title">Privacy</h2>
      <p>Oreforge sends nothing about you or your work to anybody. There is no telemetry, no account and no search for updates.</p>
      <p>It talks to the network only when you name a ComfyUI server: pictures and prompts of jobs that use it go there, and nowhere else. A model file is fetched only when you confirm its address.</p>
      <p>Logs stay in the data folder for a week and hold no pictures and no secrets.</p>
    </>
  );
}

interface Given {
  at: SettingsPlace;
  version: string;
  onGuide: () => void;
}

interface SettingsSection {
  page: SettingsPage;
  title: string;
  icon: LucideIcon;
  content: (given: Given) => ReactNode;
}

const SECTIONS: SettingsSection[] = [
  { page: "servers", title: "Servers", icon: Server, content: () => <Servers /> },
  { page: "models", title: "Models", icon: Boxes, content: ({ at }) => <Models wanted={at.model ?? null} /> },
  { page: "folders", title: "Folders", icon: Folder, content: () => <Folders /> },
  { page: "appearance", title: "Appearance", icon: Sun, content: () => <Appearance /> },
  { page: "shortcuts", title: "Shortcuts", icon: Keyboard, content: () => <><h2 className="page-title">Shortcuts</h2><ShortcutGroups /></> },
  { page: "limits", title: "Limits", icon: Gauge, content: () => <Limits /> },
  { page: "privacy", title: "Privacy", icon: Shield, content: () => <Privacy /> },
  { page: "about", title: "About", icon: Info, content: ({ version, onGuide }) => <About version={version} onGuide={onGuide} /> },
];

export default function SettingsDialog({ at, version, onClose }: { at: SettingsPlace; version: string; onClose: () => void }) {
  const set = useUi((state) => state.set);
  const current = SECTIONS.find(({ page }) => page === at.page);
  const showGuide = () => {
    onClose();
    set({ guide: "open" });
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="settings">
          <nav className="settings-nav" aria-label="Settings">
            <Dialog.Title className="dialog-title">Settings</Dialog.Title>
            <ul>
              {SECTIONS.map(({ page, title, icon: Icon }) => (
                <li key={page}>
                  <button type="button" className="settings-place" aria-current={page === at.page || undefined} onClick={() => set({ settingsAt: { ...at, page } })}>
                    <Icon aria-hidden="true" /> {title}
                  </button>
                </li>
              ))}
            </ul>
            {at.from !== undefined && (
              <Button className="settings-back" icon={<ArrowLeft aria-hidden="true" />} onClick={onClose}>
                Back to {at.from}
              </Button>
            )}
          </nav>
          <Dialog.Close className="icon-button settings-close" aria-label="Close">
            <X aria-hidden="true" />
          </Dialog.Close>
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls is scrolled by keys too */}
          <section key={at.page} className="settings-page" aria-label={current?.title} tabIndex={0}>
            {current?.content({ at, version, onGuide: showGuide })}
          </section>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
