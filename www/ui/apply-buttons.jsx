/** Applies or discards a draft. `inUse` says what is applied when there is none. */
export function ApplyButtons({ draft, isWrong = false, label, inUse = '' }) {
  const { isChanged } = draft;
  return (
    <div class="buttons apply">
      <button class="primary" disabled={!isChanged || isWrong}>
        {label}
      </button>
      {isChanged && (
        <button type="button" onClick={draft.undo}>
          Undo changes
        </button>
      )}
      <span class="quiet small">{isChanged ? 'Not applied yet.' : inUse}</span>
    </div>
  );
}
