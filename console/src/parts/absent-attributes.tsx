// What could be told and no installed model tells: said, so that nobody takes silence for "none seen".

import { useTranslation } from "react-i18next";
import type { SearchWords } from "../api/types";
import { useAttributeWords } from "./attribute-words";

interface AbsentAttributesProps {
  absent: SearchWords["absent"];
}

export function AbsentAttributes({ absent }: AbsentAttributesProps) {
  const { t } = useTranslation();
  const attributes = useAttributeWords();
  return absent.map(({ name, code, reason }) => (
    <p key={name} className="muted">
      {code === "no_model" ? t("absent.make") : t("absent.refused", { name: attributes.name(name), reason })}
    </p>
  ));
}
