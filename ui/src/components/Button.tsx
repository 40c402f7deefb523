import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { Kbd } from "./Kbd";
import { Ring } from "./Ring";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: "main" | "plain" | "quiet" | "danger";
  size?: "small" | "control" | "main";
  icon?: ReactNode;
  /** A ring stands in for the icon and the button waits. */
  busy?: boolean;
  keys?: string;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ look = "plain", size = "control", icon, busy = false, keys, className = "", children, disabled, ...rest }: ButtonProps) {
  return (
    <button type="button" className={`button look-${look} size-${size} ${className}`} disabled={disabled || busy} aria-busy={busy || undefined} {...rest}>
      {busy ? <Ring /> : icon}
      {children !== undefined && <span className="button-label">{children}</span>}
      {keys !== undefined && <Kbd>{keys}</Kbd>}
    </button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  label: string;
  keys?: string;
  pressed?: boolean;
}

/** A button of one icon; its name is its label, and the tip that hovering shows. */
export function IconButton({ label, keys, pressed, className = "", children, ...rest }: IconButtonProps) {
  return (
    <button type="button" className={`icon-button ${className}`} aria-label={label} aria-pressed={pressed} title={keys === undefined ? label : `${label} (${keys})`} {...rest}>
      {children}
    </button>
  );
}
