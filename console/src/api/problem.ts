// A refusal of the server (RFC 9457) or of the network, as one kind of error that every page can show:
// what failed, why, what to do, and an id to hand to whoever helps.

export interface FieldError {
  field: string;
  message: string;
}

export class Problem extends Error {
  override readonly name = "Problem";
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly hint: string = "",
    readonly errors: readonly FieldError[] = [],
    readonly requestId: string = "",
  ) {
    super(detail || title);
  }

  /** The server did not answer at all, as against: it answered no. */
  get isAway(): boolean {
    return this.status === 0;
  }

  fieldError(field: string): string | undefined {
    return this.errors.find((error) => error.field === field || error.field.endsWith(`.${field}`))?.message;
  }
}

export const AWAY_STATUS = [502, 503, 504];

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Reads a problem from an answer's body, whatever came: a proxy's web page must not hide the status. */
export function problemFrom(status: number, body: unknown, requestId = ""): Problem {
  if (typeof body !== "object" || body === null) {
    return new Problem(status, `http_${status}`, `HTTP ${status}`, "", "", [], requestId);
  }
  const fields = body as Record<string, unknown>;
  const errors = Array.isArray(fields["errors"]) ? fields["errors"] : [];
  return new Problem(
    status,
    text(fields["code"]) || `http_${status}`,
    text(fields["title"]) || `HTTP ${status}`,
    text(fields["detail"]),
    text(fields["hint"]),
    errors.map((error: Record<string, unknown>) => ({ field: text(error["field"]), message: text(error["message"]) })),
    requestId,
  );
}
