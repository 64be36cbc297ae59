// A form's submit that awaits an answer: busy meanwhile, the failure kept for the form to show, what was typed left alone.

import { type FormEvent, useState } from "react";

export function useSubmit(act: () => Promise<void>) {
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await act();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return { error, isBusy, onSubmit: (event: FormEvent) => void submit(event) };
}
