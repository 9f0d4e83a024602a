// Shows the simulated rooms side by side, reads them every half second, and does what a person does in them.
const everyMs = 500;
const people = ['ann', 'ben', 'cleo', 'dora'];

const ask = async (path, body) => {
  const answer = await fetch(path, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
};

function button(text, act) {
  const one = document.createElement('button');
  one.type = 'button';
  one.textContent = text;
  one.addEventListener('click', act);
  return one;
}

function openRoom({ connector, title, room }) {
  const place = document.getElementById('room').content.cloneNode(true).firstElementChild;
  const [heading, list, form, about] = ['h2', '.messages', 'form', '.about'].map((what) => place.querySelector(what));
  const { user, text } = form.elements;
  heading.textContent = title;
  user.append(...people.map((name) => new Option(name)));
  document.getElementById('rooms').append(place);

  let chosen;
  let shown = '';
  let isEditing = false;
  const act = (action) => ask(`_sim/${connector}/act`, { user: user.value, room, ...action }).then(read, complain);

  function complain(error) {
    about.hidden = false;
    about.textContent = error.message;
  }

  function choose(message) {
    chosen = message;
    isEditing = false;
    about.hidden = message === undefined;
    about.replaceChildren();
    if (message !== undefined) {
      const { id } = message;
      about.append(
        `Replying to ${message.by}. `,
        button('👍', () => act({ do: 'react', id, emoji: '👍' })),
        button('take 👍 back', () => act({ do: 'unreact', id, emoji: '👍' })),
        button('edit', () => {
          isEditing = true;
          text.value = message.markup;
          text.focus();
        }),
        button('delete', () => act({ do: 'delete', id }).then(() => choose())),
        button('leave', () => choose()),
      );
    }
    shown = '';
    void read();
  }

  function line(message) {
    const { id, by, markup, thread, edited, deleted, reactions, isBot, files } = message;
    const item = document.createElement('li');
    if (thread !== null) item.className = 'reply';
    const one = button('', () => choose(chosen?.id === id ? undefined : message));
    one.className = 'message';
    one.setAttribute('aria-pressed', String(chosen?.id === id));
    const name = document.createElement('strong');
    name.textContent = `${by}${isBot ? ' (bot)' : ''}: `;
    const note = document.createElement('span');
    note.className = 'note';
    const emoji = Object.entries(reactions).map(([char, names]) => ` ${char} ${names.length}`);
    note.textContent = [edited ? ' (edited)' : '', ...files.map(({ name }) => ` 📎 ${name}`), ...emoji].join('');
    one.append(name, deleted ? '(deleted)' : markup, note);
    item.append(one);
    return item;
  }

  async function read() {
    try {
      const { messages } = await ask(`_sim/${connector}/room?room=${encodeURIComponent(room)}`);
      const now = JSON.stringify(messages);
      if (now === shown) return;
      shown = now;
      const replies = (root) => messages.filter(({ thread }) => thread === root.id);
      const roots = messages.filter(({ thread }) => !messages.some(({ id }) => id === thread));
      list.replaceChildren(...roots.flatMap((root) => [root, ...replies(root)]).map(line));
      list.lastElementChild?.scrollIntoView({ block: 'nearest' });
    } catch (error) {
      complain(error);
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (text.value === '') return;
    const said = { text: text.value };
    if (isEditing) void act({ do: 'edit', id: chosen.id, ...said });
    else void act({ do: 'say', ...said, ...(chosen === undefined ? {} : { thread: chosen.id }) });
    text.value = '';
    choose();
  });
  setInterval(() => void read(), everyMs);
  void read();
}

const { rooms } = await ask('_sim/rooms');
rooms.forEach(openRoom);
if (rooms.length === 0) document.getElementById('rooms').textContent = 'No rooms are set up.';
