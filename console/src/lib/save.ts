// Hands a file that the page made to the browser's downloads.

export function saveBlob(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** A moment as part of a file's name: colons are not allowed everywhere. Pure. */
export function nameMoment(ms: number): string {
  return new Date(ms).toISOString().replaceAll(":", "-");
}
