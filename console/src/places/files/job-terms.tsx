// Changes a job that waits or runs: from its next picture on.

import { useChangeFileJob } from "../../api/files";
import type { FileJob } from "../../api/types";
import { ProblemNote } from "../../parts/problem-note";
import { TermsFields } from "./terms";

export function JobTerms({ job }: { job: FileJob }) {
  const change = useChangeFileJob();
  return (
    <>
      <TermsFields
        value={job}
        onChange={({ classes, fps }) => change.mutate({ id: job.id, change: { classes: [...classes], fps } })}
      />
      {change.error ? <ProblemNote error={change.error} /> : null}
    </>
  );
}
