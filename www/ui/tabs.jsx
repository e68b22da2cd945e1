/**
 * Tabs by the pattern of WAI-ARIA: Tab goes to the chosen one, arrow keys to its neighbours.
 * @param {object} props
 * @param {string} props.label whose tabs they are
 * @param {Array<[string, string]>} props.tabs names and texts
 * @param {string} props.chosen a name
 * @param {(name: string) => void} props.choose
 */
export function Tabs({ label, tabs, chosen, choose, children }) {
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const here = tabs.findIndex(([name]) => name === chosen);
    const next = (here + step + tabs.length) % tabs.length;
    choose(tabs[next][0]);
    event.currentTarget.children[next].focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
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
