/** An honest ring: filled to `fraction`, or turning when the fraction is not known. */
export function Ring({ fraction = null }: { fraction?: number | null }) {
  const length = 2 * Math.PI * 6;
  return (
    <svg className={fraction === null ? "ring turning" : "ring"} viewBox="0 0 16 16" aria-hidden="true">
      <circle className="ring-ground" cx="8" cy="8" r="6" />
      <circle className="ring-arc" cx="8" cy="8" r="6" strokeDasharray={`${length * Math.max(0.04, fraction ?? 0.28)} ${length}`} transform="rotate(-90 8 8)" />
    </svg>
  );
}
