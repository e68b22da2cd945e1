/** What a back end would do, at the local hub: set apart from what the device does. */
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
