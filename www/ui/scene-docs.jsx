import schema from '../../simulator/scene.schema.json';
import { sectionsOf } from '../../simulator/src/schema-docs.js';

const sections = sectionsOf(schema);

/** The format of a scene's file, from its JSON Schema. */
export function SceneDocs() {
  return (
    <section class="scene-docs" aria-labelledby="scene-docs">
      <h3 id="scene-docs">What the JSON contains</h3>
      {sections.map(({ path, type, description, members }) => (
        <details key={`${path} ${type}`}>
          <summary>
            {path === '' ? 'The scene' : <code>{path}</code>} {type && <b>{type}</b>}
          </summary>
          {description && <p>{description}</p>}
          <dl>
            {members.map((member) => (
              <div key={member.name}>
                <dt>
                  <code>{member.name}</code>
                  {member.isRequired && <span class="tag">required</span>}
                </dt>
                <dd>
                  <span class="quiet">{member.type}</span>
                  {member.description && <p>{member.description}</p>}
                </dd>
              </div>
            ))}
          </dl>
        </details>
      ))}
    </section>
  );
}
