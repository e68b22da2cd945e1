/** Models for tests, based on Microsoft's samples, and one of v4 with all kinds of schemas. */
const thermostat = {
  '@context': 'dtmi:dtdl:context;2',
  '@id': 'dtmi:com:example:Thermostat;1',
  '@type': 'Interface',
  displayName: 'Thermostat',
  contents: [
    {
      '@type': ['Telemetry', 'Temperature'],
      name: 'temperature',
      schema: 'double',
      unit: 'degreeCelsius',
    },
    {
      '@type': ['Property', 'Temperature'],
      name: 'targetTemperature',
      schema: 'double',
      unit: 'degreeCelsius',
      writable: true,
    },
    { '@type': ['Property', 'Temperature'], name: 'maxTempSinceLastReboot', schema: 'double' },
    {
      '@type': 'Command',
      name: 'getMaxMinReport',
      request: { name: 'since', schema: 'dateTime' },
      response: {
        name: 'report',
        schema: {
          '@type': 'Object',
          fields: [
            { name: 'maxTemp', schema: 'double' },
            { name: 'startTime', schema: 'dateTime' },
          ],
        },
      },
    },
  ],
};

const deviceInformation = {
  '@context': 'dtmi:dtdl:context;2',
  '@id': 'dtmi:azure:DeviceManagement:DeviceInformation;1',
  '@type': 'Interface',
  contents: [
    { '@type': 'Property', name: 'manufacturer', schema: 'string' },
    { '@type': 'Property', name: 'totalMemory', schema: 'double' },
  ],
};

const controller = {
  '@context': ['dtmi:dtdl:context;2'],
  '@id': 'dtmi:com:example:TemperatureController;2',
  '@type': 'Interface',
  displayName: { en: 'Temperature Controller', de: 'Temperaturregler' },
  contents: [
    {
      '@type': ['Telemetry', 'DataSize'],
      name: 'workingSet',
      schema: 'double',
      unit: 'kibibyte',
    },
    { '@type': 'Property', name: 'serialNumber', schema: 'string' },
    { '@type': 'Command', name: 'reboot', request: { name: 'delay', schema: 'integer' } },
    { '@type': 'Component', name: 'thermostat1', schema: 'dtmi:com:example:Thermostat;1' },
    { '@type': 'Component', name: 'thermostat2', schema: 'dtmi:com:example:Thermostat;1' },
    {
      '@type': 'Component',
      name: 'deviceInformation',
      schema: 'dtmi:azure:DeviceManagement:DeviceInformation;1',
    },
  ],
};

const base = {
  '@context': 'dtmi:dtdl:context;4',
  '@id': 'dtmi:com:example:Base;1',
  '@type': 'Interface',
  contents: [{ '@type': 'Telemetry', name: 'uptime', schema: 'duration' }],
};

const everything = {
  '@context': ['dtmi:dtdl:context;4', 'dtmi:dtdl:extension:quantitativeTypes;2'],
  '@id': 'dtmi:com:example:Everything;1',
  '@type': 'Interface',
  extends: 'dtmi:com:example:Base;1',
  schemas: [
    {
      '@id': 'dtmi:com:example:Node;1',
      '@type': 'Object',
      fields: [
        { name: 'id', schema: 'uuid' },
        {
          name: 'children',
          schema: { '@type': 'Array', elementSchema: 'dtmi:com:example:Node;1' },
        },
      ],
    },
    {
      '@id': 'dtmi:com:example:State;1',
      '@type': 'Enum',
      valueSchema: 'string',
      enumValues: [
        { name: 'on', enumValue: 'switched on' },
        { name: 'off', enumValue: '0' },
      ],
    },
  ],
  contents: [
    ...Object.entries({
      flag: 'boolean',
      small: 'unsignedByte',
      large: 'long',
      day: 'date',
      clock: 'time',
      moment: 'dateTime',
      money: 'decimal',
      scaled: 'scaledDecimal',
      bytes: 'bytes',
      where: 'point',
      area: 'dtmi:standard:schema:geospatial:polygon;4',
      tree: 'dtmi:com:example:Node;1',
      state: 'dtmi:com:example:State;1',
      level: {
        '@type': 'Enum',
        valueSchema: 'integer',
        enumValues: [
          { name: 'low', enumValue: 1 },
          { name: 'high', enumValue: 2 },
        ],
      },
      lights: {
        '@type': 'Map',
        mapKey: { name: 'room', schema: 'string' },
        mapValue: { name: 'isOn', schema: 'boolean' },
      },
    }).map(([name, schema]) => ({ '@type': 'Telemetry', name, schema })),
    {
      '@type': 'Property',
      name: 'settings',
      writable: true,
      schema: {
        '@type': 'Object',
        fields: [
          { name: 'speed', schema: 'unsignedByte' },
          { name: 'state', schema: 'dtmi:com:example:State;1' },
        ],
      },
    },
    {
      '@type': 'Command',
      name: 'reset',
      request: { name: 'how', schema: 'string', nullable: true },
    },
  ],
};

export const models = { thermostat, deviceInformation, controller, base, everything };

/** Models in the form in which files are passed to the reader. */
export const documentsOf = (...values) =>
  values.map((value, index) => ({ name: `${index}.json`, text: JSON.stringify(value) }));
