/**
 * Properties as chips, those of the application first: there may not be room for all.
 * @param {{of: Array<{name: string, value: string | null, isSystem: boolean}>}} props
 */
export function Chips({ of: given }) {
  const chips = [...given].sort((one, other) => Number(one.isSystem) - Number(other.isSystem));
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
