/** The actions of a back end at the local hub, separate from those of the device. */
export function HubSide({ title, isLine = false, children }) {
  return (
    <section class={`hub-side ${isLine ? 'line' : ''}`} aria-label={`At the local hub: ${title}`}>
      <h3>
        <span class="tag">Local hub</span> {title}
      </h3>
      {children}
    </section>
  );
}
