/** Frameworks with their own server: a page, and, if they support it, a route in Node.js. */
import { server, site } from '../kinds.mjs';
import { settingOfDocument } from '../document.mjs';
import { pinned } from '../versions.mjs';

const nextPage = `'use client';
import { useEffect } from 'react';
import { runDevice } from '../device';

export default function Home() {
  useEffect(() => void runDevice(), []);
  return <p>A device</p>;
}
`;

const nextRoute = `import { runDevice } from '../../device';

export async function POST() {
  await runDevice(1);
  return Response.json({ done: true });
}
`;

const nuxtPage = `<script setup lang="ts">
import { runDevice } from '../device';

onMounted(() => runDevice());
</script>

<template><p>A device</p></template>
`;

const nuxtRoute = `import { runDevice } from '../../device';

export default defineEventHandler(async () => {
  await runDevice(1);
  return { done: true };
});
`;

const angular = `import { Component } from '@angular/core';
import { runDevice } from '../device';

@Component({ selector: 'app-root', template: '<p>A device</p>' })
export class App {
  constructor() {
    runDevice();
  }
}
`;

const sveltePage = `<script lang="ts">
  import { onMount } from 'svelte';
  import { runDevice } from '../device';

  onMount(() => void runDevice());
</script>

<p>A device</p>
`;

const svelteRoute = `import { json } from '@sveltejs/kit';
import { runDevice } from '../../device';

export async function POST() {
  await runDevice(1);
  return json({ done: true });
}
`;

const astroPage = `<html lang="en">
  <head><title>A page</title><link rel="icon" href="data:,"></head>
  <body>
    <p>A device</p>
    <script>
      import { runDevice } from '../device';
      runDevice();
    </script>
  </body>
</html>
`;

const both = { visits: ['/', 'POST /device'] };

const next = {
  version: 'next',
  note: 'a client component, and a route handler',
  create:
    `npx ${pinned('create-next-app')} . --yes --ts --app --empty --no-eslint --no-tailwind` +
    ' --no-src-dir --no-import-alias --skip-install --disable-git',
  device: 'device.ts',
  files: { 'app/page.tsx': nextPage, 'app/device/route.ts': nextRoute },
};

const nextConfig = `export default { ${settingOfDocument('serverExternalPackages:')} };\n`;

export const frameworks = [
  {
    ...next,
    tool: 'Next.js, Turbopack',
    rows: {
      'development server': server('npx next dev -p {port}', both),
      build: server('npx next start -p {port}', { build: 'npx next build', ...both }),
    },
  },
  {
    ...next,
    tool: 'Next.js, webpack',
    note: `${next.note}; the latter with the setting below`,
    files: { ...next.files, 'next.config.ts': nextConfig },
    rows: {
      'development server': server('npx next dev --webpack -p {port}', both),
      build: server('npx next start -p {port}', { build: 'npx next build --webpack', ...both }),
    },
  },
  {
    tool: 'Nuxt',
    version: 'nuxt',
    byHand: true,
    note: 'a page, and a route of its server',
    install: ['nuxt'],
    device: 'device.ts',
    files: {
      'app/app.vue': nuxtPage,
      'server/routes/device.post.ts': nuxtRoute,
      'nuxt.config.ts': "export default defineNuxtConfig({ compatibilityDate: '2026-10-01' });\n",
    },
    rows: {
      'development server': server('npx nuxt dev --port {port}', both),
      build: server('PORT={port} node .output/server/index.mjs', {
        build: 'npx nuxt build',
        ...both,
      }),
    },
  },
  ...['zone.js', 'zoneless'].map((zones) => ({
    tool: `Angular, ${zones}`,
    version: '@angular/core',
    create:
      `npx ${pinned('@angular/cli')} new app --directory . --defaults --skip-install --skip-git` +
      ` --zoneless=${zones === 'zoneless'}`,
    device: 'src/device.ts',
    files: { 'src/app/app.ts': angular },
    rows: {
      'development server': server('npx ng serve --port {port}'),
      build: site('npx ng build', 'dist/app/browser'),
    },
  })),
  {
    tool: 'SvelteKit',
    version: '@sveltejs/kit',
    note: 'a page, and a route of its server',
    create: `npx ${pinned('sv')} create . --template minimal --types ts --no-add-ons --no-install`,
    device: 'src/device.ts',
    files: { 'src/routes/+page.svelte': sveltePage, 'src/routes/device/+server.ts': svelteRoute },
    rows: {
      'development server': server('npx vite dev --port {port}', both),
      build: server('npx vite preview --port {port}', { build: 'npx vite build', ...both }),
    },
  },
  {
    tool: 'Astro',
    version: 'astro',
    byHand: true,
    install: ['astro'],
    device: 'src/device.ts',
    files: { 'src/pages/index.astro': astroPage },
    rows: {
      'development server': server('npx astro dev --port {port}'),
      build: site('npx astro build', 'dist'),
    },
  },
];
