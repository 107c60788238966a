import { inject } from 'vitest';
import { useScene } from './support/scene.ts';
import { directusRoleSuite } from './support/suite-directus-role.ts';

directusRoleSuite(useScene(() => inject('cluster')));
