// Buttons, with and without words. An icon button always carries its name, and shows it on hover and focus.

import type { ReactNode } from "react";
import { Button as AriaButton, ToggleButton as AriaToggle, Tooltip, TooltipTrigger } from "react-aria-components";
import styles from "./button.module.css";
import tips from "./tooltip.module.css";

type Look = "plain" | "primary" | "quiet" | "danger";

interface ButtonProps {
  children: ReactNode;
  look?: Look;
  small?: boolean;
  type?: "button" | "submit";
  isDisabled?: boolean;
  onPress?: () => void;
  className?: string | undefined;
  autoFocus?: boolean;
  "aria-label"?: string;
  slot?: string;
}

export const classes = (...names: (string | false | undefined)[]): string => names.filter(Boolean).join(" ");

export function buttonClass(look: Look = "plain", small = false): string {
  return classes(styles["button"], look !== "plain" && styles[look], small && styles["small"]);
}

export function Button({ look = "plain", small = false, className, type = "button", ...rest }: ButtonProps) {
  return <AriaButton {...rest} type={type} className={classes(buttonClass(look, small), className)} />;
}

interface IconButtonProps extends Omit<ButtonProps, "children"> {
  label: string;
  /** Key that does the same, shown behind the name. */
  hotkey?: string;
  children: ReactNode;
  placement?: "top" | "bottom" | "right" | "left";
}

export function IconButton({
  label,
  hotkey,
  placement = "bottom",
  children,
  look = "quiet",
  ...rest
}: IconButtonProps) {
  return (
    <TooltipTrigger delay={400} closeDelay={50}>
      <Button {...rest} look={look} className={classes(styles["icon"], rest.className)} aria-label={label}>
        {children}
      </Button>
      <Tip label={label} hotkey={hotkey} placement={placement} />
    </TooltipTrigger>
  );
}

interface ToggleProps {
  label: string;
  hotkey?: string;
  isSelected: boolean;
  onChange: (selected: boolean) => void;
  children: ReactNode;
  small?: boolean;
  placement?: "top" | "bottom" | "right" | "left";
}

/** An icon button that stays pressed. */
export function IconToggle({ label, hotkey, children, small = false, placement = "bottom", ...rest }: ToggleProps) {
  return (
    <TooltipTrigger delay={400} closeDelay={50}>
      <AriaToggle {...rest} aria-label={label} className={classes(buttonClass("quiet", small), styles["icon"])}>
        {children}
      </AriaToggle>
      <Tip label={label} hotkey={hotkey} placement={placement} />
    </TooltipTrigger>
  );
}

function Tip({
  label,
  hotkey,
  placement,
}: {
  label: string;
  hotkey: string | undefined;
  placement: "top" | "bottom" | "right" | "left";
}) {
  return (
    <Tooltip className={tips["tip"] ?? ""} placement={placement} offset={6}>
      {label}
      {hotkey ? <kbd className={tips["key"]}>{hotkey}</kbd> : null}
    </Tooltip>
  );
}
