const field = (id) => document.getElementById(id).value;

/** Wires the forms that make the local hub's side act, through the server of `npm start`. */
export function offerHubSide() {
  onSubmit('hub-message', 'messages', () => ({
    body: field('hub-message-text'),
    properties: { priority: field('hub-message-priority') },
  }));
  onSubmit('hub-method', 'methods', () => ({
    methodName: field('hub-method-name'),
    payload: JSON.parse(field('hub-method-payload')),
  }));
  onSubmit('hub-desired', 'desired', () => JSON.parse(field('hub-desired-patch')));
  onSubmit('hub-drop', 'disconnect', () => ({ how: field('hub-drop-how') }));
  document.getElementById('hub').hidden = false;
}

/** Posts what `read` makes of the form, and shows the answer beside its button. */
function onSubmit(formId, action, read) {
  const form = document.getElementById(formId);
  const output = form.querySelector('output');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    output.className = '';
    output.textContent = '…';
    try {
      output.textContent = shortened(await post(action, read()));
    } catch (error) {
      output.className = 'bad';
      output.textContent = error.message;
    }
  });
}

async function post(action, body) {
  const response = await fetch(`hub/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

/** A patched twin would fill the page: its desired properties say enough. */
function shortened({ properties, ...answer }) {
  return JSON.stringify(properties ? { $version: properties.desired.$version } : answer);
}
