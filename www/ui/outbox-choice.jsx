import { useSignal } from '@preact/signals';

/** Whether devices that are added keep an outbox, as a signal for `OutboxChoice`. */
export const useOutboxChoice = () => useSignal(false);

/** Marks identities of devices that keep an outbox. */
export const withOutbox = (identities, keepsOutbox) =>
  keepsOutbox ? identities.map((identity) => ({ ...identity, keepsOutbox })) : identities;

/** Whether a device, as the fleet shows it, keeps an outbox. */
export const hasOutbox = ({ waiting }) => waiting !== undefined;

/** Asks whether messages should outlive the page. */
export function OutboxChoice({ choice }) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={choice.value}
        onChange={(event) => (choice.value = event.currentTarget.checked)}
      />
      Keep messages in this browser until they are acknowledged
    </label>
  );
}
