// Form fields with a label, a hint and the server's complaint beneath. The form keeps what was typed when a save fails.

import { Check, ChevronDown } from "lucide-react";
import type { ReactNode } from "react";
import {
  TextField as AriaTextField,
  Button,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Select,
  SelectValue,
  Switch,
  Text,
  TextArea,
} from "react-aria-components";
import { classes } from "./button";
import styles from "./field.module.css";

interface TextFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  hint?: string | undefined;
  error?: string | undefined;
  type?: "text" | "password" | "search" | "number" | "url" | "datetime-local";
  name?: string;
  placeholder?: string;
  autoComplete?: string;
  autoFocus?: boolean;
  isRequired?: boolean;
  isMultiline?: boolean;
  hidesLabel?: boolean;
  className?: string | undefined;
  maxLength?: number;
}

export function TextField({
  label,
  hint,
  error,
  isMultiline,
  hidesLabel,
  className,
  placeholder,
  ...rest
}: TextFieldProps) {
  const input = styles["input"] ?? "";
  return (
    <AriaTextField
      {...rest}
      className={classes(styles["field"], className)}
      isInvalid={error !== undefined}
      spellCheck="false"
      {...(hidesLabel ? { "aria-label": label } : {})}
    >
      {hidesLabel ? null : <Label className={styles["label"] ?? ""}>{label}</Label>}
      {isMultiline ? (
        <TextArea className={input} {...(placeholder ? { placeholder } : {})} />
      ) : (
        <Input className={input} {...(placeholder ? { placeholder } : {})} />
      )}
      {hint ? (
        <Text slot="description" className={styles["hint"] ?? ""}>
          {hint}
        </Text>
      ) : null}
      <FieldError className={styles["error"] ?? ""}>{error}</FieldError>
    </AriaTextField>
  );
}

export interface Option {
  id: string;
  label: string;
  icon?: ReactNode;
}

interface SelectFieldProps {
  label: string;
  value: string;
  options: readonly Option[];
  onChange: (value: string) => void;
  hint?: string | undefined;
  hidesLabel?: boolean;
  isDisabled?: boolean;
  className?: string | undefined;
}

export function SelectField({
  label,
  value,
  options,
  onChange,
  hint,
  hidesLabel,
  isDisabled = false,
  className,
}: SelectFieldProps) {
  return (
    <Select
      isDisabled={isDisabled}
      className={classes(styles["field"], className)}
      selectedKey={value}
      onSelectionChange={(key) => onChange(String(key))}
      {...(hidesLabel ? { "aria-label": label } : {})}
    >
      {hidesLabel ? null : <Label className={styles["label"] ?? ""}>{label}</Label>}
      <Button className={classes(styles["input"], styles["select"])}>
        <SelectValue>{({ selectedText }) => selectedText}</SelectValue>
        <ChevronDown size={14} aria-hidden />
      </Button>
      {hint ? (
        <Text slot="description" className={styles["hint"] ?? ""}>
          {hint}
        </Text>
      ) : null}
      <Popover className={styles["popover"] ?? ""} offset={4}>
        <ListBox items={options}>
          {(option) => (
            <ListBoxItem id={option.id} textValue={option.label} className={styles["option"] ?? ""}>
              {option.icon}
              {option.label}
              <Check size={14} className={styles["check"]} aria-hidden />
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}

interface SwitchFieldProps {
  label: string;
  isSelected: boolean;
  onChange: (selected: boolean) => void;
}

export function SwitchField({ label, ...rest }: SwitchFieldProps) {
  return (
    <Switch {...rest} className={styles["switch"] ?? ""}>
      <span className={styles["track"]} aria-hidden />
      {label}
    </Switch>
  );
}
