import { useEffect, useRef } from 'preact/hooks';

/**
 * Tabs by the pattern of WAI-ARIA: Tab goes to the chosen one, arrow keys to its neighbours, Home
 * and End to the first and the last.
 * @param {object} props
 * @param {string} props.label whose tabs they are
 * @param {Array<[string, string]>} props.tabs names and texts
 * @param {string} props.chosen a name
 * @param {(name: string) => void} props.choose
 */
export function Tabs({ label, tabs, chosen, choose, children }) {
  const list = useRef();
  const here = tabs.findIndex(([name]) => name === chosen);
  // On a phone some tabs are beyond the edge.
  useEffect(() => {
    list.current.children[here].scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [here]);
  const move = (event) => {
    const last = tabs.length - 1;
    const next = {
      ArrowRight: here === last ? 0 : here + 1,
      ArrowLeft: here === 0 ? last : here - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose(tabs[next][0]);
    list.current.children[next].focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} onKeyDown={move} ref={list}>
        {tabs.map(([name, text]) => (
          <button
            key={name}
            role="tab"
            id={`tab-${name}`}
            aria-controls="panel"
            aria-selected={chosen === name}
            tabIndex={chosen === name ? 0 : -1}
            onClick={() => choose(name)}
          >
            {text}
          </button>
        ))}
      </div>
      <div class="panel" role="tabpanel" id="panel" aria-labelledby={`tab-${chosen}`}>
        {children}
      </div>
    </>
  );
}
