/**
 * Properties as chips: those of the system lighter than those of the application.
 * @param {{of: Array<{name: string, value: string | null, isSystem: boolean}>}} props
 */
export function Chips({ of: chips }) {
  return (
    <span class="chips">
      {chips.map(({ name, value, isSystem }, index) => (
        <span key={index} class={`pair ${isSystem ? 'system' : ''}`}>
          <i>{name}</i>
          {value !== null && `=${value}`}
        </span>
      ))}
    </span>
  );
}
