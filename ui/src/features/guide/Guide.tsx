import { Popover } from "@base-ui/react/popover";
import { X } from "lucide-react";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { Button } from "../../components/Button";
import { useUi } from "../../state/ui";
import { STEPS } from "./steps";
import "./guide.css";

/** The first that is drawn. */
const shown = (selector: string) => [...document.querySelectorAll<HTMLElement>(selector)].find((element) => element.getClientRects().length > 0);

/** A few words beside the real controls, one after the other. They can be used meanwhile. */
export default function Guide({ onClose }: { onClose: () => void }) {
  const [at, setAt] = useState(0);
  const tab = useUi((state) => state.tab);
  const set = useUi((state) => state.set);
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const next = useRef<HTMLButtonElement>(null);
  const step = STEPS[at];
  const wanted = step?.tab;
  useEffect(() => {
    if (wanted !== undefined && wanted !== tab) set({ tab: wanted });
  }, [wanted, tab, set]);
  useEffect(() => {
    if (step === undefined) return undefined;
    const element = step.about.map(shown).find((found) => found !== undefined);
    setAnchor(element ?? null);
    element?.setAttribute("data-guided", "");
    return () => element?.removeAttribute("data-guided");
  }, [step, tab]);
  if (step === undefined) return null;
  const isLast = at === STEPS.length - 1;
  const onKey = (event: KeyboardEvent) => {
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 }[event.key];
    if (to === undefined || to < 0 || to >= STEPS.length) return;
    event.preventDefault();
    setAt(to);
  };
  return (
    <Popover.Root open onOpenChange={(open, { reason }) => !open && reason !== "outside-press" && reason !== "focus-out" && onClose()}>
      <Popover.Portal>
        <Popover.Positioner className="floating guide-place" anchor={anchor} side={step.side} sideOffset={12} collisionPadding={16}>
          <Popover.Popup className="guide" initialFocus={next} onKeyDown={onKey}>
            <div className="guide-head">
              <Popover.Title className="guide-title">{step.title}</Popover.Title>
              <Popover.Close className="icon-button" aria-label="Close the guide">
                <X aria-hidden="true" />
              </Popover.Close>
            </div>
            <Popover.Description className="guide-text" aria-live="polite">
              {step.text}
            </Popover.Description>
            <div className="guide-foot">
              <span className="mono quiet" aria-label={`Step ${at + 1} of ${STEPS.length}`}>
                {at + 1} / {STEPS.length}
              </span>
              <span className="push" />
              {at > 0 && (
                <Button look="quiet" onClick={() => setAt(at - 1)}>
                  Back
                </Button>
              )}
              <Button ref={next} look="main" onClick={() => (isLast ? onClose() : setAt(at + 1))}>
                {isLast ? "Done" : "Next"}
              </Button>
            </div>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
