// What was recognised on the objects of an event: attributes and plates, decided over their whole tracks.

import { useTranslation } from "react-i18next";
import type { Happening } from "../../api/types";
import { UNKNOWN } from "../../lib/attributes";
import { formatNumber } from "../../lib/format";
import { useAttributeWords } from "../../parts/attribute-words";
import { useWords } from "../../parts/words";
import styles from "./detail.module.css";

type Seen = Happening["objects"][number];

/** Attributes that were looked at, the surely seen ones first, each group by name. Pure. */
export function sortAttributes(object: Seen): [string, { value: string; confidence: number }][] {
  const rank = (value: string) => (value === UNKNOWN ? 2 : value === "no" ? 1 : 0);
  return Object.entries(object.attributes).sort(
    ([first, a], [second, b]) => rank(a.value) - rank(b.value) || first.localeCompare(second),
  );
}

export function SeenObjects({ event }: { event: Happening }) {
  const { t } = useTranslation();
  const words = useWords();
  const attributes = useAttributeWords();
  const known = event.objects.filter((object) => object.plate || Object.keys(object.attributes).length > 0);
  if (known.length === 0) return null;
  return (
    <section className={styles["why"]}>
      <h3>{t("alarms.seen")}</h3>
      {known.map((object) => (
        <table key={object.track_id}>
          {known.length > 1 ? (
            <caption>
              {event.object_class ? words.objectClass(event.object_class) : t("alarms.object")} {object.track_id}
            </caption>
          ) : null}
          <tbody>
            {object.plate?.text ? (
              <Line
                name={t("alarms.plate")}
                value={object.plate.text}
                confidence={object.plate.confidence}
                isSure={object.plate.state === "read"}
              />
            ) : null}
            {sortAttributes(object).map(([name, { value, confidence }]) => (
              <Line
                key={name}
                name={attributes.name(name)}
                value={value === UNKNOWN && !attributes.isOwn(name) ? "" : attributes.value(name, value)}
                confidence={confidence}
                isSure={value !== UNKNOWN || attributes.isOwn(name)}
              />
            ))}
          </tbody>
        </table>
      ))}
    </section>
  );
}

function Line({
  name,
  value,
  confidence,
  isSure,
}: {
  name: string;
  value: string;
  confidence: number;
  isSure: boolean;
}) {
  const { t, i18n } = useTranslation();
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className={isSure ? undefined : "muted"}>
        {value} {isSure ? null : t("alarms.unclear")}
      </td>
      <td className="muted">{isSure ? `${formatNumber(confidence * 100, i18n.language)} %` : null}</td>
    </tr>
  );
}
