import { useMemo } from 'preact/hooks';

/** A section that can be folded. On a phone it is at first: what follows would be screens away. */
export function Fold({ title, children }) {
  const isOpen = useMemo(() => !matchMedia('(width < 48rem)').matches, []);
  return (
    <details class="fold" open={isOpen}>
      <summary>
        <h3>{title}</h3>
      </summary>
      <div class="stack">{children}</div>
    </details>
  );
}
