import { inject } from 'vitest';
import { useScene } from './support/scene.ts';
import { cascadeSuite, rolesSuite, searchPathSuite, strengthSuite } from './support/suite-traps.ts';

const scene = useScene(() => inject('cluster'));

cascadeSuite(scene);
strengthSuite(scene);
rolesSuite(scene);
searchPathSuite(scene);
