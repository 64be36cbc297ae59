// The product's mark: a V that keeps watch.

export function Mark({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="3 4 26 23" role="img" aria-label="Vedette">
      <path d="M4.5 7.5 13 25h6l8.5-17.5h-5.2L16 20.4 9.7 7.5z" fill="currentColor" />
      <circle cx="16" cy="8.6" r="2.7" fill="var(--alarm)" />
    </svg>
  );
}
