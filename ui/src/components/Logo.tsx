/** The mark, the same drawing as assets/icons/oreforge.svg. */
export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 64 64" aria-hidden="true">
      <path fill="#f9b98c" d="M20 8L44 8L40 24L24 24z" />
      <path fill="#f4894a" d="M20 8L24 24L6 24z" />
      <path fill="#d96a2a" d="M44 8L58 24L40 24z" />
      <path fill="#ee7d3c" d="M24 24L40 24L32 58z" />
      <path fill="#c2581d" d="M6 24L24 24L32 58z" />
      <path fill="#8f3c10" d="M58 24L40 24L32 58z" />
    </svg>
  );
}
