import { useSignal } from '@preact/signals';

import { Icon } from './icon.jsx';
import { addTag, allTags, removeTag, tagsOf } from './tags.js';

/** The tags of devices, with buttons that add and remove them. */
export function TagEditor({ ids }) {
  const text = useSignal('');
  const used = [...new Set(ids.flatMap(tagsOf))].sort();
  const submit = (event) => {
    event.preventDefault();
    const tag = text.value.trim();
    if (tag !== '') addTag(ids, tag);
    text.value = '';
  };
  return (
    <form class="tag-editor" onSubmit={submit}>
      {used.map((tag) => (
        <span key={tag} class="tag">
          {tag}
          <button
            type="button"
            class="plain only-icon"
            aria-label={`Remove tag ${tag}`}
            onClick={() => removeTag(ids, tag)}
          >
            <Icon name="remove" />
          </button>
        </span>
      ))}
      <input
        aria-label="New tag"
        placeholder="New tag"
        maxLength={64}
        spellcheck={false}
        list="all-tags"
        value={text}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <datalist id="all-tags">
        {allTags.value.map((tag) => (
          <option key={tag} value={tag} />
        ))}
      </datalist>
      <button class="chip" disabled={text.value.trim() === ''}>
        Tag
      </button>
    </form>
  );
}
